/// Registers that hold tiles (AMX). They are so large that a system saves them only for programs
/// that ask for it.
#pragma once

namespace ashlar {

/// Asks for them, for all threads of this program; whether they may be used. Asking again is
/// harmless.
bool useTileRegisters();

} // namespace ashlar
