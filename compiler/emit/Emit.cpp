#include "compiler/emit/Emit.h"

#include "compiler/emit/Files.h"
#include "compiler/emit/Template.h"
#include "compiler/machine/Machine.h"
#include "compiler/support/Embedded.h"

#include "llvm/ADT/StringExtras.h"

namespace ashlar {

std::vector<SourceFile> emit(const Model &model, const plan::Plan &plan) {
  emission::Names names(model, plan);
  std::vector<SourceFile> files = {emission::layoutFile(names), emission::infoFile(plan),
                                   emission::plainFile(plan)};
  for (const plan::Phase &phase : plan.phases)
    if (phase.name != "load")
      files.push_back(emission::phaseFile(names, phase));
  return files;
}

bool takesInstructions(const SourceFile &file) {
  return file.path != "model.cpp" && file.path != "plain.cpp";
}

/// A file of the runtime that is built without LibTorch.
static bool isOfEveryApp(llvm::StringRef path) {
  return path.ends_with(".cpp") && !path.starts_with("runtime/torch/");
}

std::vector<SourceFile> emitProject(const plan::Plan &plan) {
  std::vector<SourceFile> files;
  std::string runtime, verbs;
  for (const EmbeddedFile &file : embeddedFiles()) {
    if (!file.path.starts_with("runtime/") && !file.path.starts_with("templates/cpu/"))
      continue;
    if (isOfEveryApp(file.path))
      (file.path.starts_with("runtime/app/") ? verbs : runtime) += "  " + file.path.str() + "\n";
    files.push_back({file.path.str(), file.bytes.str()});
  }
  Processor processor;
  processor.isa = plan.cpu()->isa;
  files.push_back(
      {"CMakeLists.txt", fill("CMakeLists.txt.in",
                              {{"runtime", runtime},
                               {"verbs", verbs},
                               {"run", plan.forward ? "forward --input x.npy" : "-p \"…\""},
                               {"phases", plan.forward ? "forward.cpp" : "decode.cpp prefill.cpp"},
                               {"flags", llvm::join(compilerFlags(processor), " ")}})});
  return files;
}

} // namespace ashlar
