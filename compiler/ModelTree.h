/// A model as the tree of modules that device maps are made of.
#pragma once

#include "compiler/devicemap/ModuleTree.h"
#include "compiler/spec/Model.h"

namespace ashlar {

devicemap::ModuleTree moduleTree(const Model &model);

} // namespace ashlar
