import { PinStep } from "./pin-step";

export default function Page() {
  return <PinStep />;
}
