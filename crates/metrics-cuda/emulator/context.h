// Contexts of the devices, and which one each thread has.
#pragma once

namespace emulator {

// The device of this thread's context; the first one, which is what the runtime says, if it has none.
int current_device();
// Makes the context of a device current, and makes that context first if there is none.
void make_current(int ordinal);
// Work needs a context: a thread without one gets that of the first device.
void use_device();

}  // namespace emulator
