import { afterEach, expect, test, vi } from "vitest";
import { mock } from "card-pin/mock";
import { pinStep } from "./pin-step.js";

const askControlId = async () => "a control id";

/** Types a PIN twice, as a customer does. */
async function choosePin(pad) {
  const ready = new Promise((resolve) => pad.addEventListener("ready", resolve, { once: true }));
  document.body.replaceChildren(pad);
  await ready;
  mock.enter("48264826");
}

afterEach(() => mock.reset());

test("the app goes on when the PIN is set", async () => {
  const onDone = vi.fn();
  const pad = pinStep({ askControlId, onDone });
  await choosePin(pad);
  await pad.setPin();
  expect(onDone).toHaveBeenCalledTimes(1);
});

test("the app is told why the PIN is not set", async () => {
  mock.outcome = "not_allowed";
  const onFailed = vi.fn();
  const pad = pinStep({ askControlId, onFailed });
  await choosePin(pad);
  await expect(pad.setPin()).rejects.toMatchObject({ code: "not_allowed" });
  expect(onFailed).toHaveBeenCalledWith("not_allowed");
});
