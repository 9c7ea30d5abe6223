import UIKit
import WebKit

/// The part of Enfuce's answer that the back-end passes on. The control id is valid for 30 seconds.
struct PinControl: Decodable {
    let id: String
    let pinURL: URL
}

/// Enfuce's page in a web view.
@MainActor
final class PinViewController: UIViewController {
    /// Asks the back-end, which authenticates the customer strongly, and gives no control id if the PIN is already set.
    private let newControl: @MainActor () async throws -> PinControl
    /// Asks the back-end for the card's `pinStatus`: `S` if the PIN is set, `W` if it is not set yet.
    private let pinStatus: @MainActor () async throws -> String
    private let onDone: () -> Void

    private let message = UILabel()
    private let button = UIButton(configuration: .filled())
    private let cover = UIView()
    private lazy var stack = UIStackView(arrangedSubviews: [message, button])
    private var webView: WKWebView?
    private var enfuce: URL?
    private var isActive = true

    init(
        newControl: @escaping @MainActor () async throws -> PinControl,
        pinStatus: @escaping @MainActor () async throws -> String,
        onDone: @escaping () -> Void
    ) {
        self.newControl = newControl
        self.pinStatus = pinStatus
        self.onDone = onDone
        super.init(nibName: nil, bundle: nil)
    }

    @available(*, unavailable)
    required init?(coder: NSCoder) {
        fatalError("made in code only")
    }

    override func viewDidLoad() {
        super.viewDidLoad()
        view.backgroundColor = .systemBackground
        stack.axis = .vertical
        stack.translatesAutoresizingMaskIntoConstraints = false
        view.addSubview(stack)
        let area = view.safeAreaLayoutGuide
        NSLayoutConstraint.activate([
            stack.topAnchor.constraint(equalTo: area.topAnchor),
            stack.bottomAnchor.constraint(equalTo: area.bottomAnchor),
            stack.leadingAnchor.constraint(equalTo: area.leadingAnchor, constant: 16),
            stack.trailingAnchor.constraint(equalTo: area.trailingAnchor, constant: -16),
        ])
        cover.backgroundColor = .systemBackground
        cover.autoresizingMask = [.flexibleWidth, .flexibleHeight]
        coverWhileOthersCanSee()
        start()
    }

    // MARK: - The flow

    private func start() {
        closeWebView()
        say("One moment …", button: nil)
        Task {
            do {
                show(try await newControl())
            } catch {
                offerStart()
            }
        }
    }

    private func show(_ control: PinControl) {
        let configuration = WKWebViewConfiguration()
        // No earlier cookies or caches are used, and none are left behind.
        configuration.websiteDataStore = .nonPersistent()
        // The reference is weak, because otherwise the controller and its web view would keep each other alive.
        configuration.userContentController.add(WeakHandler(self), name: "ios_handler")
        let webView = WKWebView(frame: .zero, configuration: configuration)
        webView.navigationDelegate = self
        webView.allowsLinkPreview = false
        if #available(iOS 16.4, *) { webView.isInspectable = false }
        self.webView = webView
        enfuce = control.pinURL
        stack.insertArrangedSubview(webView, at: 0)
        say("", button: "Set this PIN") { [weak webView] in webView?.evaluateJavaScript("set_pin()") }
        button.isEnabled = false

        var request = URLRequest(url: control.pinURL)
        request.httpMethod = "POST"
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        let id = control.id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        request.httpBody = Data("controlId=\(id)".utf8)
        webView.load(request)
    }

    /// What the customer is told after a failure, and what is offered next. A page without codes only says that one happened.
    private func onFailure(code: String?, isRetryable: Bool) {
        switch code {
        case nil, "outcome_unknown": checkStatus()
        case "not_allowed": stop("Please sign in again to set your PIN.")
        case "busy": offerStart("Please wait a few minutes, then try again.")
        default:
            if isRetryable {
                offerStart()
            } else {
                stop("Your PIN could not be set. Please use another device, or contact your bank.")
            }
        }
    }

    /// The PIN may be set: nothing is offered before the back-end has looked at the card's `pinStatus`.
    private func checkStatus() {
        stop("It is not certain whether your PIN was set.")
        Task {
            switch try? await pinStatus() {
            case "S": onDone()
            case "W": offerStart("Your PIN is not set yet.")
            default:
                say("It is not certain whether your PIN was set.", button: "Check again") { [weak self] in
                    self?.checkStatus()
                }
            }
        }
    }

    private func offerStart(_ text: String = "Your PIN could not be set.") {
        closeWebView()
        say(text, button: "Try again") { [weak self] in self?.start() }
    }

    private func stop(_ text: String) {
        closeWebView()
        say(text, button: nil)
    }

    private func closeWebView() {
        webView?.configuration.userContentController.removeAllScriptMessageHandlers()
        webView?.navigationDelegate = nil
        webView?.removeFromSuperview()
        webView = nil
    }

    private func say(_ text: String, button title: String?, action: @escaping () -> Void = {}) {
        message.text = text
        message.isHidden = text.isEmpty
        button.isHidden = title == nil
        button.isEnabled = true
        button.configuration?.title = title
        let identifier = UIAction.Identifier("act")
        button.removeAction(identifiedBy: identifier, for: .primaryActionTriggered)
        button.addAction(UIAction(identifier: identifier) { _ in action() }, for: .primaryActionTriggered)
    }

    // MARK: - Nobody looks on

    /// In the app switcher, and while the screen is recorded or mirrored. iOS lets no app forbid a screenshot.
    private func coverWhileOthersCanSee() {
        let center = NotificationCenter.default
        let inactive = UIApplication.willResignActiveNotification
        let active = UIApplication.didBecomeActiveNotification
        let captured = UIScreen.capturedDidChangeNotification
        for name in [inactive, active, captured] {
            center.addObserver(self, selector: #selector(updateCover(_:)), name: name, object: nil)
        }
        updateCover(Notification(name: active))
    }

    @objc private func updateCover(_ notification: Notification) {
        switch notification.name {
        case UIApplication.willResignActiveNotification: isActive = false
        case UIApplication.didBecomeActiveNotification: isActive = true
        default: break  // The capture began or ended, whether or not the app is active.
        }
        let isCaptured = view.window?.screen.isCaptured ?? UIScreen.main.isCaptured
        if isActive && !isCaptured {
            cover.removeFromSuperview()
        } else {
            cover.frame = view.bounds
            view.addSubview(cover)
        }
    }
}

// MARK: - What Enfuce's page says

extension PinViewController: WKScriptMessageHandler {
    func userContentController(_ controller: WKUserContentController, didReceive message: WKScriptMessage) {
        guard message.webView === webView, message.frameInfo.isMainFrame,
            message.frameInfo.securityOrigin.protocol == "https", message.frameInfo.securityOrigin.host == enfuce?.host,
            let body = message.body as? [String: Any], let event = body["event"] as? String
        else { return }
        switch event {
        case "pin_valid": button.isEnabled = body["pin_valid"] as? Bool ?? false
        case "set_pin_success": onDone()
        case "set_pin_error":
            onFailure(code: body["code"] as? String, isRetryable: body["retryable"] as? Bool ?? false)
        default: break  // `set_pin_validation_error`: the page itself tells the customer what is wrong.
        }
    }
}

// MARK: - Nothing but Enfuce's page

extension PinViewController: WKNavigationDelegate {
    func webView(
        _ webView: WKWebView, decidePolicyFor action: WKNavigationAction
    ) async -> WKNavigationActionPolicy {
        guard let url = action.request.url, let enfuce, action.targetFrame != nil else { return .cancel }
        let isThere = url.scheme == "https" && url.host == enfuce.host && url.port == enfuce.port
        return isThere ? .allow : .cancel
    }

    func webView(
        _ webView: WKWebView, decidePolicyFor response: WKNavigationResponse
    ) async -> WKNavigationResponsePolicy {
        guard let status = (response.response as? HTTPURLResponse)?.statusCode, status == 200 else {
            offerStart()
            return .cancel
        }
        return .allow
    }

    func webView(_ webView: WKWebView, didFailProvisionalNavigation _: WKNavigation!, withError _: Error) {
        if webView === self.webView { offerStart() }
    }

    func webView(_ webView: WKWebView, didFail _: WKNavigation!, withError _: Error) {
        if webView === self.webView { offerStart() }
    }

    func webViewWebContentProcessDidTerminate(_ webView: WKWebView) {
        if webView === self.webView { checkStatus() }
    }
}

private final class WeakHandler: NSObject, WKScriptMessageHandler {
    private weak var handler: (any WKScriptMessageHandler)?

    init(_ handler: any WKScriptMessageHandler) {
        self.handler = handler
    }

    func userContentController(_ controller: WKUserContentController, didReceive message: WKScriptMessage) {
        handler?.userContentController(controller, didReceive: message)
    }
}
