// Tells the page what the worker's policy forbade; asked to, it does something that it forbids.
const channel = new BroadcastChannel("violations");
addEventListener("securitypolicyviolation", ({ effectiveDirective }) => channel.postMessage(effectiveDirective));
channel.onmessage = ({ data }) => {
  // Allowed by nothing, and yet there, for whoever does not mind policies.
  if (data.violate) fetch(data.violate, { mode: "no-cors" }).then(() => channel.postMessage("done"), () => channel.postMessage("blocked"));
};
