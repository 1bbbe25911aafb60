#include "runtime/TorchLibrary.h"

#include "runtime/torch/Product.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

namespace ashlar {

static constexpr const char *ModuleName = "libashlar_torch.so";

static std::string besideExecutable() {
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  std::string self(path, length > 0 ? size_t(length) : 0);
  return self.substr(0, self.rfind('/') + 1) + ModuleName;
}

Failure TorchLibrary::open(const std::string &path) {
  const char *named = std::getenv("ASHLAR_TORCH_LIBRARY");
  file = !path.empty() ? path : named && *named ? named : besideExecutable();
  if (file.find('/') == std::string::npos)
    file.insert(0, "./"); // else it would be looked for where the system's libraries are
  auto wayOut =
      "name libashlar_torch.so, which Ashlar's build makes where it has LIBTORCH_ROOT, with "
      "--torch-library FILE, or put it beside the app; or build the app with --provider "
      "native";
  void *module = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!module)
    return {ExitCode::InputOutput,
            "the plan computes with LibTorch, whose module cannot be opened: " +
                std::string(dlerror()),
            wayOut};
  auto entry = reinterpret_cast<AshlarTorchEntry>(dlsym(module, ASHLAR_TORCH_ENTRY));
  const AshlarTorchOperations *table = entry ? entry() : nullptr;
  if (!table || table->version != ASHLAR_TORCH_VERSION)
    return {ExitCode::InputOutput,
            file + (table ? ": has version " + std::to_string(table->version) +
                                " of the interface to LibTorch, this app has version " +
                                std::to_string(ASHLAR_TORCH_VERSION)
                          : ": is no module of Ashlar for LibTorch"),
            wayOut};
  operations = table;
  return {};
}

std::string TorchLibrary::description() const {
  return operations->library + (file.empty() ? "" : ", " + file);
}

void TorchLibrary::product(AshlarTorchType type, const AshlarTorchMatrix &x,
                           const AshlarTorchMatrix &w, const AshlarTorchMatrix &y) {
  char text[sizeof(error)];
  if (state.load(std::memory_order_relaxed) != Good ||
      operations->product(type, &x, &w, &y, text, sizeof(text)) == 0)
    return;
  uint32_t good = Good;
  if (!state.compare_exchange_strong(good, Failing))
    return; // another thread's failure is the one that is told
  for (size_t i = 0; i < sizeof(error); ++i)
    error[i] = text[i];
  state.store(Failed);
}

void torchProduct(const StepState &step, AshlarTorchType type, const AshlarTorchMatrix &x,
                  const AshlarTorchMatrix &w, const AshlarTorchMatrix &y) {
  step.torch->product(type, x, w, y);
}

Failure TorchLibrary::takeFailure() {
  if (state.exchange(Good) == Good)
    return {};
  return {ExitCode::DoesNotFit, "LibTorch could not compute a step: " + std::string(error),
          "it needs memory outside of the plan's regions; build the app with --provider native to "
          "do without"};
}

} // namespace ashlar
