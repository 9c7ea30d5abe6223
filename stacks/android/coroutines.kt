@file:Suppress("unused", "UNUSED_PARAMETER")

package kotlinx.coroutines

interface CoroutineScope

fun CoroutineScope.launch(block: suspend CoroutineScope.() -> Unit) {}
