#include "compiler/spec/Activations.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace ashlar {

namespace {

struct Facts {
  llvm::StringLiteral name;
  Activation activation;
  llvm::StringLiteral className;
};

constexpr Facts Known[] = {
    {"silu", Activation::Silu, "SiLUActivation"},
    {"swish", Activation::Silu, "SiLU"},
    {"gelu", Activation::Gelu, "GELUActivation"},
    {"gelu_python", Activation::Gelu, "GELUActivation"},
    {"gelu_new", Activation::GeluTanh, "NewGELUActivation"},
    {"gelu_pytorch_tanh", Activation::GeluTanh, "GELUTanh"},
    {"gelu_python_tanh", Activation::GeluTanh, "GELUTanh"},
    {"gelu_fast", Activation::GeluTanh, "FastGELUActivation"},
    {"gelu_accurate", Activation::GeluTanh, "AccurateGELUActivation"},
    {"quick_gelu", Activation::GeluQuick, "QuickGELUActivation"},
    {"relu", Activation::Relu, "ReLU"},
    {"relu2", Activation::ReluSquared, "ReLUSquaredActivation"},
    {"sigmoid", Activation::Sigmoid, "Sigmoid"},
    {"tanh", Activation::Tanh, "Tanh"},
};

const Facts *find(llvm::StringRef name) {
  const Facts *found = llvm::find_if(Known, [&](const Facts &f) { return f.name == name; });
  return found == std::end(Known) ? nullptr : found;
}

} // namespace

std::optional<Activation> findActivation(llvm::StringRef name) {
  const Facts *found = find(name);
  return found ? std::optional(found->activation) : std::nullopt;
}

llvm::StringRef classOfActivation(llvm::StringRef name) { return find(name)->className; }

std::vector<llvm::StringRef> activationNames() {
  std::vector<llvm::StringRef> names;
  for (const Facts &facts : Known)
    names.push_back(facts.name);
  return names;
}

void noteActivations(llvm::StringRef name, Errors &errors) {
  std::vector<llvm::StringRef> names = activationNames();
  if (llvm::StringRef near = nearest(name, names); !near.empty())
    errors.note("did you mean \"" + near + "\"?");
  else
    errors.note("supported are " + llvm::join(names, ", "));
}

} // namespace ashlar
