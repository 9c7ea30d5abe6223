/** The same as `mock.d.ts`, for test runners that know `require` alone. */

import type * as mocked from "./mock.js" with { "resolution-mode": "import" };

export type CardPin = mocked.CardPin;
export type CardPinError = mocked.CardPinError;
export type PinSession = mocked.PinSession;
export type Mock = mocked.Mock;
export declare const CardPin: typeof mocked.CardPin;
export declare const CardPinError: typeof mocked.CardPinError;
export declare const PinSession: typeof mocked.PinSession;
export declare const mock: mocked.Mock;
