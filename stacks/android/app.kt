// What the example uses of Android's packages `android.app`, `android.content` and `android.os`, as their reference declares it.

@file:Suppress("unused", "UNUSED_PARAMETER")

package android.app

import android.content.Context
import android.os.Bundle
import android.view.View
import android.view.Window

open class Application : Context()

open class Activity : Context() {
    val application: Application get() = TODO()
    val window: Window get() = TODO()
    open fun onCreate(savedInstanceState: Bundle?) {}
    open fun onDestroy() {}
    open fun setContentView(view: View) {}
    fun setResult(resultCode: Int) {}
    fun finish() {}
    fun runOnUiThread(action: () -> Unit) {}

    companion object {
        const val RESULT_OK = -1
    }
}
