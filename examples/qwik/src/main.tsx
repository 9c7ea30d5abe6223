import "@builder.io/qwik/qwikloader.js";
import { render } from "@builder.io/qwik";
import "card-pin";
import { PinStep } from "./pin-step";

render(document.getElementById("app")!, <PinStep />);
