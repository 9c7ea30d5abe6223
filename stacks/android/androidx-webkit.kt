@file:Suppress("unused", "UNUSED_PARAMETER")

package androidx.webkit

import android.webkit.WebView

object WebViewFeature {
    const val DOCUMENT_START_SCRIPT = "DOCUMENT_START_SCRIPT"

    fun isFeatureSupported(feature: String): Boolean = TODO()
}

object WebViewCompat {
    fun addDocumentStartJavaScript(view: WebView, script: String, origins: Set<String>) {}
}
