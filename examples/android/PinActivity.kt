package com.example.bank.pin

import android.annotation.SuppressLint
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.view.WindowManager
import android.webkit.ConsoleMessage
import android.webkit.CookieManager
import android.webkit.JavascriptInterface
import android.webkit.RenderProcessGoneDetail
import android.webkit.WebChromeClient
import android.webkit.WebResourceError
import android.webkit.WebResourceRequest
import android.webkit.WebResourceResponse
import android.webkit.WebSettings
import android.webkit.WebView
import android.webkit.WebViewClient
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import androidx.activity.ComponentActivity
import androidx.lifecycle.lifecycleScope
import androidx.webkit.WebViewCompat
import androidx.webkit.WebViewFeature
import java.io.ByteArrayInputStream
import java.io.IOException
import java.net.URLEncoder
import kotlinx.coroutines.launch

/** The part of Enfuce's answer that the back-end passes on. The control id is valid for 30 seconds. */
class PinControl(val id: String, val pinUrl: Uri)

/**
 * The issuer's back-end. The app's `Application` implements this, because it also exists when Android starts the activity again
 * in a new process. Both functions throw an `IOException` if there is no answer.
 */
interface PinBackend {
    /** Authenticates the customer strongly, and fails if the PIN is already set. */
    suspend fun newControl(): PinControl

    /** The card's `pinStatus`: `S` if the PIN is set, `W` if it is not set yet. */
    suspend fun pinStatus(): String
}

/** Enfuce's page in a web view. The result is `RESULT_OK` once the PIN is set. */
class PinActivity : ComponentActivity() {
    private lateinit var layout: LinearLayout
    private lateinit var message: TextView
    private lateinit var button: Button
    private val backend get() = application as PinBackend
    private var webView: WebView? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        // No view is restored: a new start has a new control id.
        super.onCreate(null)
        // No screenshots, no recordings, and an empty picture in the list of recent apps.
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        // No windows of other apps above this one; needs the permission HIDE_OVERLAY_WINDOWS.
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) window.setHideOverlayWindows(true)

        message = TextView(this)
        button = Button(this)
        layout = LinearLayout(this).apply {
            orientation = LinearLayout.VERTICAL
            filterTouchesWhenObscured = true
            fitsSystemWindows = true
            addView(message, MATCH_PARENT, WRAP_CONTENT)
            addView(button, MATCH_PARENT, WRAP_CONTENT)
        }
        setContentView(layout)
        // If Android ended this activity, a PIN may have been on its way.
        if (savedInstanceState == null) start() else checkStatus()
    }

    override fun onDestroy() {
        closeWebView()
        super.onDestroy()
    }

    private fun start() {
        closeWebView()
        say("One moment …", button = null)
        lifecycleScope.launch {
            try {
                show(backend.newControl())
            } catch (_: IOException) {
                offerStart("Your PIN could not be set.")
            }
        }
    }

    @SuppressLint("SetJavaScriptEnabled")
    private fun show(control: PinControl) {
        // This applies to all web views of the app: one that needs cookies has to allow them again.
        CookieManager.getInstance().setAcceptCookie(false)
        val view = WebView(this)
        view.settings.apply {
            javaScriptEnabled = true
            allowFileAccess = false
            allowContentAccess = false
            cacheMode = WebSettings.LOAD_NO_CACHE
        }
        view.isSaveEnabled = false
        view.importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO_EXCLUDE_DESCENDANTS
        view.webViewClient = OnlyEnfuce(control.pinUrl)
        view.webChromeClient = Silent()
        view.addJavascriptInterface(Handler(view), "android_handler")
        if (WebViewFeature.isFeatureSupported(WebViewFeature.DOCUMENT_START_SCRIPT)) {
            WebViewCompat.addDocumentStartJavaScript(view, TELL_CODE, setOf("https://${control.pinUrl.authority}"))
        }
        webView = view
        layout.addView(view, 0, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
        say("", button = "Set this PIN") { view.evaluateJavascript("set_pin()", null) }
        button.isEnabled = false
        val form = "controlId=" + URLEncoder.encode(control.id, "UTF-8")
        view.postUrl(control.pinUrl.toString(), form.toByteArray())
    }

    /** What the customer is told after a failure, and what is offered next. */
    private fun onFailure(code: String, isRetryable: Boolean) = when (code) {
        "outcome_unknown" -> checkStatus()
        "not_allowed" -> stop("Please sign in again to set your PIN.")
        "busy" -> offerStart("Please wait a few minutes, then try again.")
        else ->
            if (isRetryable) offerStart("Your PIN could not be set.")
            else stop("Your PIN could not be set. Please use another device, or contact your bank.")
    }

    private fun offerStart(text: String) {
        closeWebView()
        say(text, button = "Try again") { start() }
    }

    private fun stop(text: String) {
        closeWebView()
        say(text, button = null)
    }

    /** The PIN may be set: nothing is offered before the back-end has looked at the card's `pinStatus`. */
    private fun checkStatus() {
        closeWebView()
        say("It is not certain whether your PIN was set.", button = null)
        lifecycleScope.launch {
            val status = try {
                backend.pinStatus()
            } catch (_: IOException) {
                null
            }
            when (status) {
                "S" -> succeed()
                "W" -> offerStart("Your PIN is not set yet.")
                else -> say("It is not certain whether your PIN was set.", button = "Check again") { checkStatus() }
            }
        }
    }

    private fun succeed() {
        setResult(RESULT_OK)
        finish()
    }

    private fun closeWebView() {
        val view = webView ?: return
        webView = null
        layout.removeView(view)
        view.destroy()
    }

    private fun say(text: String, button: String?, onClick: () -> Unit = {}) {
        message.text = text
        message.visibility = if (text.isEmpty()) View.GONE else View.VISIBLE
        this.button.text = button
        this.button.visibility = if (button == null) View.GONE else View.VISIBLE
        this.button.isEnabled = true
        this.button.setOnClickListener { onClick() }
    }

    /** The functions that Enfuce's page calls, on a thread of the web view. */
    @Suppress("FunctionName", "unused")
    private inner class Handler(private val view: WebView) {
        @JavascriptInterface
        fun pin_valid(valid: Boolean) = onPage { button.isEnabled = valid }

        // The page itself tells the customer what is wrong with the PIN.
        @JavascriptInterface
        fun set_pin_validation_error() = Unit

        @JavascriptInterface
        fun set_pin_success() = onPage { succeed() }

        // Called by `TELL_CODE`, before `set_pin_error`.
        @JavascriptInterface
        fun failed(code: String, retryable: Boolean) = onPage { onFailure(code, retryable) }

        // Without a code, the PIN may be set after any failure.
        @JavascriptInterface
        fun set_pin_error() = onPage { checkStatus() }

        /** A closed page is ignored. */
        private fun onPage(action: () -> Unit) = runOnUiThread { if (view === webView) action() }
    }

    /**
     * Nothing is loaded from another origin, and a page that does not load is a failure. By default, a TLS error is a failure,
     * too.
     */
    private inner class OnlyEnfuce(private val enfuce: Uri) : WebViewClient() {
        private fun allows(url: Uri) = url.scheme == "https" && url.authority == enfuce.authority

        override fun shouldOverrideUrlLoading(view: WebView, request: WebResourceRequest) = !allows(request.url)

        override fun shouldInterceptRequest(view: WebView, request: WebResourceRequest): WebResourceResponse? {
            // A worker of Enfuce's page may have a `blob:` address of its own.
            if (allows(request.url) || request.url.scheme == "blob") return null
            return WebResourceResponse("text/plain", "utf-8", 403, "Forbidden", null, ByteArrayInputStream(ByteArray(0)))
        }

        override fun onReceivedError(view: WebView, request: WebResourceRequest, error: WebResourceError) {
            if (request.isForMainFrame && view === webView) offerStart("Your PIN could not be set.")
        }

        override fun onReceivedHttpError(view: WebView, request: WebResourceRequest, response: WebResourceResponse) {
            if (request.isForMainFrame && view === webView) offerStart("Your PIN could not be set.")
        }

        override fun onRenderProcessGone(view: WebView, detail: RenderProcessGoneDetail): Boolean {
            if (view === webView) checkStatus()
            return true
        }
    }

    /** Nothing of the page's console goes to logcat. */
    private class Silent : WebChromeClient() {
        override fun onConsoleMessage(message: ConsoleMessage) = true
    }

    private companion object {
        /** The page gives `set_pin_error` no code, but the event of the pad has it. */
        const val TELL_CODE =
            "addEventListener('set_pin_error', ({ detail }) => android_handler.failed(detail.code, detail.retryable));"
    }
}
