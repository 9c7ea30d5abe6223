@file:Suppress("unused")

package android.content

open class Context
