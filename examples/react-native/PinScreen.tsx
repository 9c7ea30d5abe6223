// Enfuce's page in react-native-webview. README.md explains screenshots, which React Native itself cannot prevent.

import { useEffect, useRef, useState } from "react";
import { AppState, Button, Platform, StyleSheet, Text, View } from "react-native";
import { WebView, type WebViewMessageEvent } from "react-native-webview";

/** The part of Enfuce's answer that the back-end passes on. The control id is valid for 30 seconds. */
export interface PinControl {
  id: string;
  pinURL: string;
}

interface Props {
  /** Asks the back-end, which authenticates the customer strongly, and gives no control id if the PIN is already set. */
  newControl: () => Promise<PinControl>;
  /** Asks the back-end for the card's `pinStatus`: `S` if the PIN is set, `W` if it is not set yet. */
  pinStatus: () => Promise<string>;
  onDone: () => void;
}

/**
 * The handler that Enfuce's page calls on this platform. It passes the call on to React Native. Android's handler gets no code,
 * but the pad's event has it, and comes before the call.
 */
const BRIDGE = Platform.select({
  ios: `(() => {
    const postMessage = (message) => window.ReactNativeWebView.postMessage(JSON.stringify(message));
    const { messageHandlers } = window.webkit;
    const ReactNativeWebView = messageHandlers.ReactNativeWebView;
    const webkit = { messageHandlers: { ReactNativeWebView, ios_handler: { postMessage } } };
    Object.defineProperty(window, "webkit", { value: webkit });
  })(); true;`,
  default: `(() => {
    const tell = (message) => window.ReactNativeWebView.postMessage(JSON.stringify(message));
    const handler = { pin_valid: (pin_valid) => tell({ event: "pin_valid", pin_valid }) };
    for (const event of ["set_pin_validation_error", "set_pin_success"]) handler[event] = () => tell({ event });
    let detail;
    addEventListener("set_pin_error", (event) => (detail = event.detail));
    handler.set_pin_error = () => tell({ event: "set_pin_error", code: detail?.code, retryable: detail?.retryable });
    window.android_handler = handler;
  })(); true;`,
});

/** What Enfuce's page tells. `code` and `retryable` come with `set_pin_error`; on Android, only from a page that has a `<card-pin>`. */
interface Message {
  event: string;
  pin_valid?: boolean;
  code?: string;
  retryable?: boolean;
}

type Next = "Try again" | "Check again";
type State = { step: "loading" } | { step: "open"; control: PinControl } | { step: "stopped"; text: string; next?: Next };

export function PinScreen({ newControl, pinStatus, onDone }: Props) {
  const [state, setState] = useState<State>({ step: "loading" });
  const [isValid, setIsValid] = useState(false);
  const [isCovered, setIsCovered] = useState(false);
  const webView = useRef<WebView<object>>(null);
  const stop = (text: string, next?: Next) => setState({ step: "stopped", text, next });
  const fail = () => stop("Your PIN could not be set.", "Try again");

  /** Every start needs a new control id, because the last one is used up. */
  const start = async () => {
    setIsValid(false);
    setState({ step: "loading" });
    try {
      const control = await newControl();
      if (originOf(control.pinURL) === "") throw new Error("pinURL is not an https address");
      setState({ step: "open", control });
    } catch {
      fail();
    }
  };

  /** What the customer is told after a failure, and what is offered next. A page without codes only says that one happened. */
  const onFailure = ({ code, retryable }: Message) => {
    switch (code) {
      case undefined:
      case "outcome_unknown":
        return checkStatus();
      case "not_allowed":
        return stop("Please sign in again to set your PIN.");
      case "busy":
        return stop("Please wait a few minutes, then try again.", "Try again");
      default:
        if (retryable) return fail();
        return stop("Your PIN could not be set. Please use another device, or contact your bank.");
    }
  };

  /** The PIN may be set: nothing is offered before the back-end has looked at the card's `pinStatus`. */
  const checkStatus = async () => {
    stop("It is not certain whether your PIN was set.");
    switch (await pinStatus().catch(() => undefined)) {
      case "S":
        return onDone();
      case "W":
        return stop("Your PIN is not set yet.", "Try again");
      default:
        return stop("It is not certain whether your PIN was set.", "Check again");
    }
  };

  // This runs only once: a parent that renders again must not end a page on which a PIN may be on its way.
  useEffect(() => {
    void start();
  }, []);

  // The app switcher shows a cover instead of this screen.
  useEffect(() => {
    const subscription = AppState.addEventListener("change", (now) => setIsCovered(now !== "active"));
    return () => subscription.remove();
  }, []);

  if (state.step === "loading") return <Text>One moment …</Text>;
  if (state.step === "stopped") {
    const { text, next } = state;
    return (
      <View>
        <Text accessibilityRole="alert">{text}</Text>
        {next && <Button title={next} onPress={next === "Try again" ? start : checkStatus} />}
      </View>
    );
  }

  const { id, pinURL } = state.control;
  const enfuce = originOf(pinURL);

  const onMessage = ({ nativeEvent }: WebViewMessageEvent) => {
    if (originOf(nativeEvent.url) !== enfuce) return;
    const message = JSON.parse(nativeEvent.data) as Message;
    switch (message.event) {
      case "pin_valid":
        setIsValid(message.pin_valid === true);
        break;
      case "set_pin_success":
        onDone();
        break;
      case "set_pin_error":
        void onFailure(message);
        break;
    }
  };

  return (
    <View style={styles.screen}>
      <WebView
        // A new one for each start: the same address would not be posted to again.
        key={id}
        ref={webView}
        source={{
          uri: pinURL,
          method: "POST",
          // Android sets this one automatically.
          headers: { "Content-Type": "application/x-www-form-urlencoded" },
          body: `controlId=${encodeURIComponent(id)}`,
        }}
        injectedJavaScriptBeforeContentLoaded={BRIDGE}
        onMessage={onMessage}
        onError={fail}
        onHttpError={fail}
        onContentProcessDidTerminate={checkStatus}
        onRenderProcessGone={checkStatus}
        originWhitelist={[enfuce]}
        onShouldStartLoadWithRequest={({ url }) => originOf(url) === enfuce}
        setSupportMultipleWindows={false}
        incognito
        cacheEnabled={false}
        allowFileAccess={false}
        webviewDebuggingEnabled={false}
      />
      <Button
        title="Set this PIN"
        disabled={!isValid}
        onPress={() => webView.current?.injectJavaScript("set_pin(); true;")}
      />
      {isCovered && <View style={styles.cover} />}
    </View>
  );
}

/** Scheme, host and port; empty for anything but https. */
function originOf(address: string): string {
  return /^https:\/\/[^/?#@\\]+(?=[/?#]|$)/i.exec(address)?.[0].toLowerCase() ?? "";
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  cover: { ...StyleSheet.absoluteFillObject, backgroundColor: "white" },
});
