import { waitNoLonger } from "./timers.js";
import "./card-pin.worker.js";

// The query distinguishes sessions that run side by side.
new BroadcastChannel(`timers${location.search}`).onmessage = waitNoLonger;
