@file:Suppress("unused", "UNUSED_PARAMETER")

package android.webkit

import android.content.Context
import android.net.Uri
import android.view.ViewGroup
import java.io.InputStream

class ConsoleMessage

class RenderProcessGoneDetail

class WebResourceError

annotation class JavascriptInterface

interface WebResourceRequest {
    val url: Uri
    val isForMainFrame: Boolean
}

class WebResourceResponse(
    type: String?, encoding: String?, status: Int, reason: String, headers: Map<String, String>?, data: InputStream?,
)

class CookieManager {
    fun setAcceptCookie(accept: Boolean) {}

    companion object {
        fun getInstance(): CookieManager = TODO()
    }
}

class WebSettings {
    var javaScriptEnabled: Boolean = false
    var allowFileAccess: Boolean = false
    var allowContentAccess: Boolean = true
    var cacheMode: Int = 0

    companion object {
        const val LOAD_NO_CACHE = 2
    }
}

open class WebChromeClient {
    open fun onConsoleMessage(message: ConsoleMessage): Boolean = false
}

open class WebViewClient {
    open fun shouldOverrideUrlLoading(view: WebView, request: WebResourceRequest): Boolean = false

    open fun shouldInterceptRequest(view: WebView, request: WebResourceRequest): WebResourceResponse? = null

    open fun onReceivedError(view: WebView, request: WebResourceRequest, error: WebResourceError) {}

    open fun onReceivedHttpError(view: WebView, request: WebResourceRequest, response: WebResourceResponse) {}

    open fun onRenderProcessGone(view: WebView, detail: RenderProcessGoneDetail): Boolean = false
}

class WebView(context: Context) : ViewGroup(context) {
    val settings: WebSettings get() = TODO()
    var webViewClient: WebViewClient = WebViewClient()
    var webChromeClient: WebChromeClient? = null
    fun addJavascriptInterface(handler: Any, name: String) {}
    fun evaluateJavascript(script: String, callback: ((String) -> Unit)?) {}
    fun postUrl(url: String, data: ByteArray) {}
    fun destroy() {}
}
