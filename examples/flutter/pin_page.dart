// Enfuce's page in flutter_inappwebview 6.2 or later, which tells where a message comes from. README.md explains screenshots,
// which Flutter itself cannot prevent.

import 'dart:collection';
import 'dart:convert';
import 'dart:typed_data';

import 'package:flutter/foundation.dart';
import 'package:flutter/material.dart';
import 'package:flutter_inappwebview/flutter_inappwebview.dart';

/// The part of Enfuce's answer that the back-end passes on. The control id is valid for 30 seconds.
class PinControl {
  const PinControl({required this.id, required this.pinUrl});

  final String id;
  final Uri pinUrl;
}

/// The handler that Enfuce's page calls on this platform. It passes the call on to Flutter. Android's handler gets no code, but
/// the pad's event has it, and comes before the call.
final String _bridge = defaultTargetPlatform == TargetPlatform.iOS
    ? '''
(() => {
  const postMessage = (message) => window.flutter_inappwebview.callHandler("pin", message);
  const { messageHandlers } = window.webkit;
  const forwarding = new Proxy(messageHandlers, {
    get: (own, name) => (name === "ios_handler" ? { postMessage } : own[name]),
  });
  Object.defineProperty(window, "webkit", { value: { messageHandlers: forwarding } });
})();'''
    : '''
(() => {
  const tell = (message) => window.flutter_inappwebview.callHandler("pin", message);
  const handler = { pin_valid: (pin_valid) => tell({ event: "pin_valid", pin_valid }) };
  for (const event of ["set_pin_validation_error", "set_pin_success"]) handler[event] = () => tell({ event });
  let detail;
  addEventListener("set_pin_error", (event) => (detail = event.detail));
  handler.set_pin_error = () => tell({ event: "set_pin_error", code: detail?.code, retryable: detail?.retryable });
  window.android_handler = handler;
})();''';

class PinPage extends StatefulWidget {
  const PinPage({required this.newControl, required this.pinStatus, required this.onDone, super.key});

  /// Asks the back-end, which authenticates the customer strongly, and gives no control id if the PIN is already set.
  final Future<PinControl> Function() newControl;

  /// Asks the back-end for the card's `pinStatus`: `S` if the PIN is set, `W` if it is not set yet.
  final Future<String> Function() pinStatus;
  final VoidCallback onDone;

  @override
  State<PinPage> createState() => _PinPageState();
}

/// What the customer is told, and the button below it.
typedef _Stopped = ({String text, String? label, VoidCallback? action});

class _PinPageState extends State<PinPage> with WidgetsBindingObserver {
  PinControl? _control;
  InAppWebViewController? _webView;
  _Stopped? _stopped;
  bool _isValid = false;
  bool _isCovered = false;

  @override
  void initState() {
    super.initState();
    WidgetsBinding.instance.addObserver(this);
    _start();
  }

  @override
  void dispose() {
    WidgetsBinding.instance.removeObserver(this);
    super.dispose();
  }

  /// The app switcher shows a cover instead of this page.
  @override
  void didChangeAppLifecycleState(AppLifecycleState state) {
    setState(() => _isCovered = state != AppLifecycleState.resumed);
  }

  /// Every start needs a new control id, because the last one is used up.
  Future<void> _start() async {
    setState(() {
      _control = null;
      _stopped = null;
      _isValid = false;
    });
    try {
      final control = await widget.newControl();
      if (!control.pinUrl.isScheme('https')) throw const FormatException('pinURL is not an https address');
      if (mounted) setState(() => _control = control);
    } on Exception {
      _fail();
    }
  }

  void _stop(String text, [String? label, VoidCallback? action]) {
    if (mounted) {
      setState(() {
        _control = null;
        _stopped = (text: text, label: label, action: action);
      });
    }
  }

  void _fail() => _stop('Your PIN could not be set.', 'Try again', _start);

  /// What the customer is told after a failure, and what is offered next. A page without codes only says that one happened.
  void _onFailure(Object? code, {required bool isRetryable}) {
    switch (code) {
      case null || 'outcome_unknown':
        _checkStatus();
      case 'not_allowed':
        _stop('Please sign in again to set your PIN.');
      case 'busy':
        _stop('Please wait a few minutes, then try again.', 'Try again', _start);
      default:
        if (isRetryable) return _fail();
        _stop('Your PIN could not be set. Please use another device, or contact your bank.');
    }
  }

  /// The PIN may be set: nothing is offered before the back-end has looked at the card's `pinStatus`.
  Future<void> _checkStatus() async {
    _stop('It is not certain whether your PIN was set.');
    String? status;
    try {
      status = await widget.pinStatus();
    } on Exception {
      // The outcome stays uncertain.
    }
    switch (status) {
      case 'S':
        if (mounted) widget.onDone();
      case 'W':
        _stop('Your PIN is not set yet.', 'Try again', _start);
      default:
        _stop('It is not certain whether your PIN was set.', 'Check again', _checkStatus);
    }
  }

  void _onMessage(JavaScriptHandlerFunctionData data) {
    final control = _control;
    if (!mounted || control == null || data.args.isEmpty) return;
    if (!data.isMainFrame || !_isThere(data.origin, control)) return;
    final message = data.args.first;
    if (message is! Map) return;
    switch (message['event']) {
      case 'pin_valid':
        setState(() => _isValid = message['pin_valid'] == true);
      case 'set_pin_success':
        widget.onDone();
      case 'set_pin_error':
        _onFailure(message['code'], isRetryable: message['retryable'] == true);
    }
  }

  @override
  Widget build(BuildContext context) {
    final control = _control;
    final stopped = _stopped;
    return Scaffold(
      body: SafeArea(
        child: Stack(
          children: [
            if (stopped != null)
              Center(
                child: Column(
                  mainAxisSize: MainAxisSize.min,
                  children: [
                    Text(stopped.text),
                    if (stopped.label case final label?) FilledButton(onPressed: stopped.action, child: Text(label)),
                  ],
                ),
              )
            else if (control == null)
              const Center(child: CircularProgressIndicator())
            else
              Column(
                children: [
                  Expanded(child: _page(control)),
                  FilledButton(
                    onPressed: _isValid ? () => _webView?.evaluateJavascript(source: 'set_pin()') : null,
                    child: const Text('Set this PIN'),
                  ),
                ],
              ),
            if (_isCovered) const Positioned.fill(child: ColoredBox(color: Colors.white)),
          ],
        ),
      ),
    );
  }

  Widget _page(PinControl control) {
    final form = 'controlId=${Uri.encodeQueryComponent(control.id)}';
    return InAppWebView(
      key: ValueKey(control.id),
      initialUrlRequest: URLRequest(
        url: WebUri.uri(control.pinUrl),
        method: 'POST',
        headers: const {'Content-Type': 'application/x-www-form-urlencoded'},
        body: Uint8List.fromList(utf8.encode(form)),
      ),
      initialUserScripts: UnmodifiableListView([
        UserScript(source: _bridge, injectionTime: UserScriptInjectionTime.AT_DOCUMENT_START),
      ]),
      initialSettings: InAppWebViewSettings(
        incognito: true,
        cacheEnabled: false,
        isInspectable: false,
        allowFileAccess: false,
        allowContentAccess: false,
        saveFormData: false,
        supportMultipleWindows: false,
        allowsLinkPreview: false,
        useShouldOverrideUrlLoading: true,
      ),
      onWebViewCreated: (webView) {
        _webView = webView;
        webView.addJavaScriptHandler(handlerName: 'pin', callback: _onMessage);
      },
      shouldOverrideUrlLoading: (_, action) async =>
          _isThere(action.request.url, control) ? NavigationActionPolicy.ALLOW : NavigationActionPolicy.CANCEL,
      // The page's console does not go to a log.
      onConsoleMessage: (_, __) {},
      onReceivedError: (_, request, __) {
        if (request.isForMainFrame ?? true) _fail();
      },
      onReceivedHttpError: (_, request, __) {
        if (request.isForMainFrame ?? true) _fail();
      },
      onWebContentProcessDidTerminate: (_) => _checkStatus(),
      onRenderProcessGone: (_, __) => _checkStatus(),
    );
  }
}

/// Whether an address is on the origin of Enfuce's page.
bool _isThere(Uri? url, PinControl control) {
  final enfuce = control.pinUrl;
  return url != null && url.isScheme('https') && url.host == enfuce.host && url.port == enfuce.port;
}
