@file:Suppress("unused")

package android.net

abstract class Uri {
    abstract val scheme: String?
    abstract val authority: String?
}
