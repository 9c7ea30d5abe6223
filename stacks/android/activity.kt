@file:Suppress("unused")

package androidx.activity

import android.app.Activity
import androidx.lifecycle.LifecycleOwner

open class ComponentActivity : Activity(), LifecycleOwner
