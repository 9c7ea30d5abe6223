// A script of the page: it records violations of the policy, on the page and in the worker. On request it violates the policy
// itself.
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ effectiveDirective, sample }) => {
  window.violations.push(["page", effectiveDirective, sample]);
});
const channel = new BroadcastChannel("violations");
channel.onmessage = ({ data }) => {
  if (typeof data === "string") window.violations.push(["worker", data]);
};

/** @param {() => void} forbidden @returns {string} */
const attempt = (forbidden) => {
  try {
    forbidden();
    return "done";
  } catch ({ name }) {
    return name;
  }
};

window.violate = {
  last: () => {
    new Image().src = "https://last.invalid/picture.png";
  },
  picture: () => {
    new Image().src = "https://elsewhere.invalid/picture.png";
  },
  inline: () => {
    const button = document.body.appendChild(document.createElement("button"));
    button.setAttribute("style", "color: red");
    button.remove();
  },
  worker: () => channel.postMessage({ violate: location.origin.replace("127.0.0.1", "localhost") }),
};

/** What Trusted Types forbid, where there are any. */
window.trusted = () => ({
  exist: "trustedTypes" in window,
  outcomes: [
    attempt(() => (document.createElement("div").innerHTML = "<b>text</b>")),
    attempt(() => (document.createElement("script").src = "./card-pin.js")),
    attempt(() => new Worker("./card-pin.worker.js", { type: "module" }).terminate()),
    attempt(() => window.trustedTypes?.createPolicy("another", {})),
  ],
});
