/** @jest-environment jsdom */

import { expect, jest, test } from "@jest/globals";
import { pinStep } from "./pin-step.js";

/** Tells what the pad would tell. */
const tell = (pad, event, rest = {}) => pad.dispatchEvent(new CustomEvent(event, { detail: { event, ...rest } }));

test("the app goes on when the PIN is set", () => {
  const onDone = jest.fn();
  const pad = pinStep(document, { onDone });
  document.body.append(pad);
  tell(pad, "set_pin_success");
  expect(onDone).toHaveBeenCalledTimes(1);
});

test("the app is told why the PIN is not set", () => {
  const onFailed = jest.fn();
  const pad = pinStep(document, { onFailed });
  document.body.append(pad);
  tell(pad, "set_pin_error", { code: "not_allowed", retryable: true });
  expect(onFailed).toHaveBeenCalledWith("not_allowed");
});
