@file:Suppress("unused", "UNUSED_PARAMETER")

package android.view

import android.content.Context

open class View(context: Context) {
    var visibility: Int = VISIBLE
    var isEnabled: Boolean = true
    var isSaveEnabled: Boolean = true
    var importantForAutofill: Int = 0
    var filterTouchesWhenObscured: Boolean = false
    var fitsSystemWindows: Boolean = false
    fun setOnClickListener(listener: (View) -> Unit) {}

    companion object {
        const val VISIBLE = 0
        const val GONE = 8
        const val IMPORTANT_FOR_AUTOFILL_NO_EXCLUDE_DESCENDANTS = 8
    }
}

open class ViewGroup(context: Context) : View(context) {
    fun addView(child: View, width: Int, height: Int) {}
    fun addView(child: View, index: Int, params: MarginLayoutParams) {}
    fun removeView(view: View) {}

    // Java's constants can be imported from a class, Kotlin's only from an object.
    object LayoutParams {
        const val MATCH_PARENT = -1
        const val WRAP_CONTENT = -2
    }

    open class MarginLayoutParams(width: Int, height: Int)
}

abstract class Window {
    fun setFlags(flags: Int, mask: Int) {}
    fun setHideOverlayWindows(hide: Boolean) {}
}

interface WindowManager {
    object LayoutParams {
        const val FLAG_SECURE = 0x2000
    }
}
