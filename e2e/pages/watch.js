// Tells the page what the worker's policy forbade; asked to, it does something that it forbids.
const channel = new BroadcastChannel("violations");
addEventListener("securitypolicyviolation", ({ effectiveDirective }) => channel.postMessage(effectiveDirective));
channel.onmessage = ({ data }) => {
  if (data === "violate") fetch("https://elsewhere.invalid/").catch(() => {});
};
