// Enfuce's page in react-native-webview. What React Native itself cannot do, the screenshots, is in README.md.

import { useCallback, useEffect, useRef, useState } from "react";
import { AppState, Button, Platform, StyleSheet, Text, View } from "react-native";
import { WebView, type WebViewMessageEvent } from "react-native-webview";

/** What the back-end passes on of Enfuce's answer. The control id is good for 30 seconds. */
export interface PinControl {
  id: string;
  pinURL: string;
}

interface Props {
  /** Asks the back-end, which authenticates the customer strongly, and gives none where the PIN is set already. */
  newControl: () => Promise<PinControl>;
  onDone: () => void;
}

/** The handler that Enfuce's page calls on this platform, handing on to React Native. */
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
    for (const event of ["set_pin_validation_error", "set_pin_success", "set_pin_error"]) handler[event] = () => tell({ event });
    window.android_handler = handler;
  })(); true;`,
});

type State = { step: "loading" } | { step: "failed" } | { step: "open"; control: PinControl };

export function PinScreen({ newControl, onDone }: Props) {
  const [state, setState] = useState<State>({ step: "loading" });
  const [isValid, setIsValid] = useState(false);
  const [isCovered, setIsCovered] = useState(false);
  const webView = useRef<WebView<object>>(null);
  const fail = useCallback(() => setState({ step: "failed" }), []);

  /** Every start has a new control id: the last one is spent. */
  const start = useCallback(async () => {
    setIsValid(false);
    setState({ step: "loading" });
    try {
      setState({ step: "open", control: await newControl() });
    } catch {
      fail();
    }
  }, [newControl, fail]);

  useEffect(() => {
    void start();
  }, [start]);

  // What the app switcher shows of this screen is a cover.
  useEffect(() => {
    const subscription = AppState.addEventListener("change", (now) => setIsCovered(now !== "active"));
    return () => subscription.remove();
  }, []);

  if (state.step === "loading") return <Text>One moment …</Text>;
  if (state.step === "failed") {
    return (
      <View>
        <Text accessibilityRole="alert">Your PIN could not be set.</Text>
        <Button title="Try again" onPress={start} />
      </View>
    );
  }

  const { id, pinURL } = state.control;
  const enfuce = originOf(pinURL);

  const onMessage = ({ nativeEvent }: WebViewMessageEvent) => {
    if (originOf(nativeEvent.url) !== enfuce) return;
    const message = JSON.parse(nativeEvent.data) as { event: string; pin_valid?: boolean };
    switch (message.event) {
      case "pin_valid":
        setIsValid(message.pin_valid === true);
        break;
      case "set_pin_success":
        onDone();
        break;
      case "set_pin_error":
        fail();
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
          // Android sets this one by itself.
          headers: { "Content-Type": "application/x-www-form-urlencoded" },
          body: `controlId=${encodeURIComponent(id)}`,
        }}
        injectedJavaScriptBeforeContentLoaded={BRIDGE}
        onMessage={onMessage}
        onError={fail}
        onHttpError={fail}
        onContentProcessDidTerminate={fail}
        onRenderProcessGone={fail}
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
  return /^https:\/\/[^/?#@\\]+(?=[/?#]|$)/.exec(address)?.[0].toLowerCase() ?? "";
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  cover: { ...StyleSheet.absoluteFillObject, backgroundColor: "white" },
});
