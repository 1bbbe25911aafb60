/// Ties a model's weights to a checkpoint's tensors.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Config.h"
#include "compiler/spec/Model.h"

namespace ashlar {

/// Sets each weight's type from its tensor. Says, each with both sides' shapes or names: a missing
/// tensor (with the nearest name), a misshapen one, a type that no kernel reads, a tensor that
/// neither the model nor an ignore pattern names. Exit code 3. The config, where there is one, is
/// only asked where a wrong size may come from.
bool bind(Model &model, const Checkpoint &checkpoint, Diagnostics &diags,
          const Config *config = nullptr);

} // namespace ashlar
