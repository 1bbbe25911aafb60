/// Being asked to end: by SIGINT (Ctrl-C) or SIGTERM.
#pragma once

namespace ashlar {

/// From now on the first of these signals is only noted; a second one ends the program at once.
/// One that whoever started the program had it ignore stays ignored.
void noteInterrupts();

/// The signal that was noted, or 0.
int interruptSignal();

} // namespace ashlar
