#include "compiler/checkpoint/Checkpoint.h"

#include "compiler/checkpoint/Index.h"
#include "compiler/support/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

#include <algorithm>

namespace ashlar {

namespace {
struct TypeFacts {
  llvm::StringLiteral name;
  uint64_t bits;
};
} // namespace

static constexpr TypeFacts typeFacts[] = {
    {"BOOL", 8},    {"U8", 8},          {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8},
    {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},
    {"F16", 16},    {"BF16", 16},       {"I32", 32},        {"U32", 32},    {"F32", 32},
    {"C64", 64},    {"F64", 64},        {"I64", 64},        {"U64", 64},    {"F4", 4},
    {"F6_E2M3", 6}, {"F6_E3M2", 6},
};
static_assert(std::size(typeFacts) == static_cast<size_t>(TensorType::F6E3M2) + 1);

llvm::StringRef name(TensorType type) { return typeFacts[static_cast<size_t>(type)].name; }

uint64_t bitsOf(TensorType type) { return typeFacts[static_cast<size_t>(type)].bits; }

std::optional<TensorType> parseTensorType(llvm::StringRef name) {
  for (size_t i = 0; i < std::size(typeFacts); ++i)
    if (name == typeFacts[i].name)
      return static_cast<TensorType>(i);
  return std::nullopt;
}

int64_t nanosOf(const timespec &time) {
  return int64_t(uint64_t(time.tv_sec) * 1'000'000'000 + uint64_t(time.tv_nsec));
}

std::string shapeText(llvm::ArrayRef<uint64_t> shape) {
  std::string text = "[";
  for (uint64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

const Tensor *Checkpoint::find(llvm::StringRef name) const {
  auto found = llvm::lower_bound(
      tensors, name, [](const Tensor &tensor, llvm::StringRef name) { return tensor.name < name; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

/// The same weights once more, in their maker's own layout: Llama's and Mistral's repositories have
/// them beside those that are read here.
static bool isMakersOwn(llvm::StringRef name) { return name.starts_with("consolidated"); }

// The commands name files by placeholders: a file's name is its maker's, and would run as code in
// them.
bool refuseFormat(llvm::StringRef place, llvm::StringRef name, Diagnostics &diags) {
  if (name.ends_with(".gguf")) {
    diags.error(Exit::BadInput, place, "\"" + name + "\" is a GGUF file, which is not read");
    diags.note("use the safetensors checkpoint that it was made from, or convert it: python3 -c "
               "\"from transformers import AutoModelForCausalLM as M; "
               "M.from_pretrained('DIR', gguf_file='NAME').save_pretrained('NEW')\"");
    return true;
  }
  for (llvm::StringRef ending : {".bin", ".pt", ".pth", ".ckpt"}) {
    if (!name.ends_with(ending))
      continue;
    diags.error(Exit::BadInput, place,
                "\"" + name +
                    "\" is a pickle, which can run code when it is opened; only safetensors files "
                    "are read");
    if (isMakersOwn(name))
      diags.note("fetch the model*.safetensors of the same model, or, if you trust it, convert it "
                 "with the convert_…_weights_to_hf.py of its model in transformers' repository");
    else
      diags.note("if you trust it, convert it: python3 -c \"from transformers import "
                 "AutoModelForCausalLM as M; M.from_pretrained('DIR', dtype='auto')"
                 ".save_pretrained('NEW')\"");
    return true;
  }
  return false;
}

/// The one file of weights in a directory without an index; empty with a message where there is
/// none, or no telling which.
static std::string findWeights(const std::string &directory, Diagnostics &diags) {
  std::vector<std::string> all;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(directory, error), end; it != end && !error;
       it.increment(error))
    all.push_back(llvm::sys::path::filename(it->path()).str());
  if (error) {
    diags.error(Exit::InputOutput, directory, "cannot be read: " + error.message());
    return "";
  }
  std::sort(all.begin(), all.end()); // a directory has no order of its own

  std::vector<std::string> weights;
  for (const std::string &name : all) {
    if (name == "model.safetensors")
      return name;
    if (llvm::StringRef(name).ends_with(".safetensors"))
      weights.push_back(name);
  }
  std::string own = weights.empty() ? "" : weights.front();
  llvm::erase_if(weights, isMakersOwn);
  if (weights.size() == 1)
    return weights.front();
  if (weights.size() > 1) {
    diags.error(Exit::BadInput, directory,
                "has several files of weights and no " + IndexName + ": " + someOf(weights));
    diags.note("fetch the index, or name one file instead of the directory");
    return "";
  }
  if (!own.empty()) {
    diags.error(Exit::BadInput, directory,
                "\"" + own + "\" holds the weights under their maker's own names");
    diags.note("fetch the model*.safetensors of the same model, or name that file itself, with "
               "--spec FILE for a spec that has its names");
    return "";
  }
  for (const std::string &name : all)
    if (refuseFormat(directory, name, diags))
      return "";
  diags.error(Exit::BadInput, directory, "has no weights: no *.safetensors in it");
  diags.note("a checkpoint is a directory with config.json and model.safetensors, or with "
             "several files and their index, " +
             IndexName);
  return "";
}

static bool readDirectory(const std::string &path, Checkpoint &into, Diagnostics &diags) {
  into.directory = path;
  llvm::SmallString<256> file(path);
  llvm::sys::path::append(file, IndexName);
  if (!isAbsent(file))
    return readIndexed(path, into, diags);
  std::string name = findWeights(path, diags);
  if (name.empty())
    return false;
  file = path;
  llvm::sys::path::append(file, name);
  return readSafetensors(file.str().str(), into, diags) && sortTensors(into, diags);
}

std::optional<Checkpoint> readCheckpoint(const std::string &path, Diagnostics &diags) {
  Checkpoint checkpoint;
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status)) {
    diags.error(Exit::InputOutput, path, "cannot be read: " + error.message());
    return std::nullopt;
  }
  if (llvm::sys::fs::is_directory(status)) {
    if (!readDirectory(path, checkpoint, diags))
      return std::nullopt;
    return checkpoint;
  }
  llvm::StringRef name = llvm::sys::path::filename(path);
  if (refuseFormat(path, name, diags))
    return std::nullopt;
  if (!readSafetensors(path, checkpoint, diags) || !sortTensors(checkpoint, diags))
    return std::nullopt;
  return checkpoint;
}

static llvm::StringRef fileOf(const Checkpoint &checkpoint, const Tensor &tensor) {
  return llvm::sys::path::filename(checkpoint.files[tensor.file].path);
}

void print(const Checkpoint &checkpoint, llvm::raw_ostream &out) {
  for (const Tensor &tensor : checkpoint.tensors)
    out << tensor.name << ' ' << name(tensor.type) << ' ' << shapeText(tensor.shape) << ' '
        << fileOf(checkpoint, tensor) << ' ' << tensor.offset << ' ' << tensor.bytes.value << '\n';
  out << "end tensors=" << checkpoint.tensors.size() << " files=" << checkpoint.files.size()
      << " bytes=" << checkpoint.bytes.value << '\n';
}

void printJson(const Checkpoint &checkpoint, llvm::raw_ostream &out) {
  llvm::json::OStream json(out, /*IndentSize=*/2);
  json.object([&] {
    json.attributeArray("files", [&] {
      for (const WeightFile &file : checkpoint.files)
        json.object([&] {
          json.attribute("name", llvm::sys::path::filename(file.path));
          json.attribute("bytes", file.size);
          json.attribute("header", file.headerDigest);
        });
    });
    json.attributeArray("tensors", [&] {
      for (const Tensor &tensor : checkpoint.tensors)
        json.object([&] {
          json.attribute("name", tensor.name);
          json.attribute("type", name(tensor.type));
          json.attributeArray("shape", [&] {
            for (uint64_t size : tensor.shape)
              json.value(size);
          });
          json.attribute("file", fileOf(checkpoint, tensor));
          json.attribute("offset", tensor.offset);
          json.attribute("bytes", tensor.bytes.value);
        });
    });
    json.attribute("bytes", checkpoint.bytes.value);
  });
  out << '\n';
}

} // namespace ashlar
