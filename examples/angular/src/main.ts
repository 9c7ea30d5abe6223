import { bootstrapApplication } from "@angular/platform-browser";
import { PinStep } from "./pin-step";

bootstrapApplication(PinStep);
