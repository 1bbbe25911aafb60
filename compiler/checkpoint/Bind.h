/// Ties a model's weights to a checkpoint's tensors.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Config.h"
#include "compiler/spec/Model.h"

namespace ashlar {

/// Sets each weight's type from its tensor. Refused, with exit code 3 and both sides' shapes or
/// names: a quantised checkpoint; a missing tensor (with the nearest name), a misshapen one, a type
/// that no kernel reads; and a tensor that the model does not read beside one that it does, such as
/// a bias beside its matrix. Any other tensor that neither the model nor an ignore pattern names is
/// a warning, and `strict` refuses it, too.
///
/// A tied weight is read once, from whichever of its tensors is there; where both are, the config
/// is believed and the other passed over with a warning, as long as their shapes are equal.
///
/// The config is only asked where a quantisation or a wrong size may come from.
bool bind(Model &model, const Checkpoint &checkpoint, const Config &config, bool strict,
          Diagnostics &diags);

} // namespace ashlar
