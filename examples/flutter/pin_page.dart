// Enfuce's page in flutter_inappwebview 6. What Flutter itself cannot do, the screenshots, is in README.md.

import 'dart:collection';
import 'dart:convert';
import 'dart:typed_data';

import 'package:flutter/foundation.dart';
import 'package:flutter/material.dart';
import 'package:flutter_inappwebview/flutter_inappwebview.dart';

/// What the back-end passes on of Enfuce's answer. The control id is good for 30 seconds.
class PinControl {
  const PinControl({required this.id, required this.pinUrl});

  final String id;
  final Uri pinUrl;
}

/// The handler that Enfuce's page calls on this platform, handing on to Flutter.
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
  for (const event of ["set_pin_validation_error", "set_pin_success", "set_pin_error"]) handler[event] = () => tell({ event });
  window.android_handler = handler;
})();''';

class PinPage extends StatefulWidget {
  const PinPage({required this.newControl, required this.onDone, super.key});

  /// Asks the back-end, which authenticates the customer strongly, and gives none where the PIN is set already.
  final Future<PinControl> Function() newControl;
  final VoidCallback onDone;

  @override
  State<PinPage> createState() => _PinPageState();
}

class _PinPageState extends State<PinPage> with WidgetsBindingObserver {
  PinControl? _control;
  InAppWebViewController? _webView;
  bool _hasFailed = false;
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

  /// What the app switcher shows of this page is a cover.
  @override
  void didChangeAppLifecycleState(AppLifecycleState state) {
    setState(() => _isCovered = state != AppLifecycleState.resumed);
  }

  /// Every start has a new control id: the last one is spent.
  Future<void> _start() async {
    setState(() {
      _control = null;
      _hasFailed = false;
      _isValid = false;
    });
    try {
      final control = await widget.newControl();
      if (mounted) setState(() => _control = control);
    } on Exception {
      _fail();
    }
  }

  void _fail() {
    if (mounted) {
      setState(() {
        _control = null;
        _hasFailed = true;
      });
    }
  }

  void _onMessage(List<dynamic> arguments) {
    if (!mounted || _control == null || arguments.isEmpty) return;
    final message = arguments.first;
    if (message is! Map) return;
    switch (message['event']) {
      case 'pin_valid':
        setState(() => _isValid = message['pin_valid'] == true);
      case 'set_pin_success':
        widget.onDone();
      case 'set_pin_error':
        _fail();
    }
  }

  @override
  Widget build(BuildContext context) {
    final control = _control;
    return Scaffold(
      body: SafeArea(
        child: Stack(
          children: [
            if (_hasFailed)
              Center(
                child: Column(
                  mainAxisSize: MainAxisSize.min,
                  children: [
                    const Text('Your PIN could not be set.'),
                    FilledButton(onPressed: _start, child: const Text('Try again')),
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
    final enfuce = control.pinUrl.origin;
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
      shouldOverrideUrlLoading: (_, action) async {
        final url = action.request.url;
        final isThere = url != null && url.scheme == 'https' && url.origin == enfuce;
        return isThere ? NavigationActionPolicy.ALLOW : NavigationActionPolicy.CANCEL;
      },
      // Nothing of the page's console goes to a log.
      onConsoleMessage: (_, __) {},
      onReceivedError: (_, request, __) {
        if (request.isForMainFrame ?? true) _fail();
      },
      onReceivedHttpError: (_, request, __) {
        if (request.isForMainFrame ?? true) _fail();
      },
      onWebContentProcessDidTerminate: (_) => _fail(),
      onRenderProcessGone: (_, __) => _fail(),
    );
  }
}
