// Hides the page, or takes the focus from it, where no window manager does. It comes before the pad, which asks the document by
// the methods that it found when it was loaded.
"use strict";
{
  const { hasFocus } = Document.prototype;
  const state = { isHidden: false, isLeft: false };
  for (const [name, whenHidden] of [["hidden", true], ["visibilityState", "hidden"]]) {
    const descriptor = Object.getOwnPropertyDescriptor(Document.prototype, name);
    Object.defineProperty(Document.prototype, name, {
      ...descriptor,
      get() {
        return state.isHidden ? whenHidden : descriptor.get.call(this);
      },
    });
  }
  Document.prototype.hasFocus = function () {
    return !state.isLeft && !state.isHidden && hasFocus.call(this);
  };

  /** Hides the page, until it is looked at again. */
  window.hidePage = () => {
    state.isHidden = true;
    document.dispatchEvent(new Event("visibilitychange"));
  };
  /** Another window takes the focus. */
  window.leavePage = () => {
    state.isLeft = true;
    window.dispatchEvent(new Event("blur"));
  };
  window.lookAgain = () => {
    state.isHidden = state.isLeft = false;
    document.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(new Event("focus"));
  };
}
