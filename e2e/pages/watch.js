// Reports violations of the worker's policy to the page. On request it violates the policy itself.
const channel = new BroadcastChannel("violations");
addEventListener("securitypolicyviolation", ({ effectiveDirective }) => channel.postMessage(effectiveDirective));
channel.onmessage = ({ data }) => {
  // No directive allows this address, but it exists, so the request succeeds in an engine that ignores the policy.
  if (data.violate) fetch(data.violate, { mode: "no-cors" }).then(() => channel.postMessage("done"), () => channel.postMessage("blocked"));
};
