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
import java.io.ByteArrayInputStream
import java.io.IOException
import java.net.URLEncoder
import kotlinx.coroutines.launch

/** What the back-end passes on of Enfuce's answer. The control id is good for 30 seconds. */
class PinControl(val id: String, val pinUrl: Uri)

/** The issuer's back-end: it authenticates the customer strongly, and gives no control id where the PIN is set already. */
fun interface PinBackend {
    /** Throws an `IOException` where there is none to be had. */
    suspend fun newControl(): PinControl
}

/** Enfuce's page in a web view. The result is `RESULT_OK` once the PIN is set. */
class PinActivity : ComponentActivity() {
    private lateinit var layout: LinearLayout
    private lateinit var message: TextView
    private lateinit var button: Button
    private var webView: WebView? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        // Never restored: a new start has a new control id.
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
        start()
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
                fail()
            }
        }
    }

    @SuppressLint("SetJavaScriptEnabled")
    private fun show(control: PinControl) {
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
        webView = view
        layout.addView(view, 0, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
        say("", button = "Set this PIN") { view.evaluateJavascript("set_pin()", null) }
        button.isEnabled = false
        val form = "controlId=" + URLEncoder.encode(control.id, "UTF-8")
        view.postUrl(control.pinUrl.toString(), form.toByteArray())
    }

    private fun fail() {
        closeWebView()
        say("Your PIN could not be set.", button = "Try again") { start() }
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

    /** What Enfuce's page calls, on a thread of the web view's. */
    @Suppress("FunctionName", "unused")
    private inner class Handler(private val view: WebView) {
        @JavascriptInterface
        fun pin_valid(valid: Boolean) = onPage { button.isEnabled = valid }

        // The page itself tells the customer what is wrong with the PIN.
        @JavascriptInterface
        fun set_pin_validation_error() = Unit

        @JavascriptInterface
        fun set_pin_success() = onPage {
            setResult(RESULT_OK)
            finish()
        }

        @JavascriptInterface
        fun set_pin_error() = onPage { fail() }

        /** A page that is closed has no say any more. */
        private fun onPage(action: () -> Unit) = runOnUiThread { if (view === webView) action() }
    }

    /** Nothing is loaded from anywhere else, and whatever does not load is a failure. TLS errors end in one by default. */
    private inner class OnlyEnfuce(private val enfuce: Uri) : WebViewClient() {
        private fun allows(url: Uri) = url.scheme == "https" && url.authority == enfuce.authority

        override fun shouldOverrideUrlLoading(view: WebView, request: WebResourceRequest) = !allows(request.url)

        override fun shouldInterceptRequest(view: WebView, request: WebResourceRequest): WebResourceResponse? {
            // A worker of Enfuce's page may be a `blob:` of its own.
            if (allows(request.url) || request.url.scheme == "blob") return null
            return WebResourceResponse("text/plain", "utf-8", 403, "Forbidden", null, ByteArrayInputStream(ByteArray(0)))
        }

        override fun onReceivedError(view: WebView, request: WebResourceRequest, error: WebResourceError) {
            if (request.isForMainFrame && view === webView) fail()
        }

        override fun onReceivedHttpError(view: WebView, request: WebResourceRequest, response: WebResourceResponse) {
            if (request.isForMainFrame && view === webView) fail()
        }

        override fun onRenderProcessGone(view: WebView, detail: RenderProcessGoneDetail): Boolean {
            if (view === webView) fail()
            return true
        }
    }

    /** Nothing of the page's console goes to logcat. */
    private class Silent : WebChromeClient() {
        override fun onConsoleMessage(message: ConsoleMessage) = true
    }

    companion object {
        /** Set by the app before it starts this activity. */
        lateinit var backend: PinBackend
    }
}
