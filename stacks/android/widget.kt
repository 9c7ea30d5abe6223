@file:Suppress("unused", "UNUSED_PARAMETER")

package android.widget

import android.content.Context
import android.view.View
import android.view.ViewGroup

open class TextView(context: Context) : View(context) {
    var text: CharSequence? = ""
}

class Button(context: Context) : TextView(context)

class LinearLayout(context: Context) : ViewGroup(context) {
    var orientation: Int = 0

    class LayoutParams(width: Int, height: Int, weight: Float) : ViewGroup.MarginLayoutParams(width, height)

    companion object {
        const val VERTICAL = 1
    }
}
