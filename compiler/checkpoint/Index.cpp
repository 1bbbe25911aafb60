#include "compiler/checkpoint/Index.h"

#include "compiler/checkpoint/Safetensors.h"
#include "compiler/support/Files.h"
#include "compiler/support/Json.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <algorithm>

namespace ashlar {

std::string someOf(llvm::ArrayRef<std::string> names) {
  std::string text;
  for (const std::string &name : names.take_front(5))
    text += (text.empty() ? "\"" : ", \"") + name + "\"";
  if (names.size() > 5)
    text += " and " + std::to_string(names.size() - 5) + " more";
  return text;
}

/// Whether a name from the index can be that of a weight file beside it. What joins paths without
/// this question reads any file of the machine for whoever wrote the index.
static bool isShardName(llvm::StringRef name) {
  return name.ends_with(".safetensors") && name.size() > llvm::StringRef(".safetensors").size() &&
         name.size() <= 255 && name.find_first_of(llvm::StringRef("/\\\0", 3)) == name.npos;
}

namespace {
using WeightMap = std::vector<std::pair<std::string, std::string>>; // tensor, file: sorted
struct Index {
  WeightMap map;
  std::optional<llvm::json::Value> totalSize; // of all tensors, in bytes
};
} // namespace

static std::optional<Index> readIndex(const std::string &path, Diagnostics &diags) {
  // A tensor takes some hundred bytes in an index.
  std::optional<llvm::StringRef> text = readText(path, Bytes(256 << 20), diags);
  if (!text)
    return std::nullopt;
  std::optional<llvm::json::Value> json = parseJson(*text, diags, /*maxDepth=*/8);
  if (!json)
    return std::nullopt;
  llvm::json::Object *top = json->getAsObject();
  llvm::json::Object *map = top ? top->getObject("weight_map") : nullptr;
  if (!map) {
    diags.error(Exit::BadInput, locateKey(*text, "weight_map"),
                "the index has no object \"weight_map\", from tensors to files");
    return std::nullopt;
  }
  if (map->size() > MaxTensors) {
    diags.error(Exit::BadInput, path,
                "names " + llvm::Twine(map->size()) + " tensors; more than " +
                    llvm::Twine(MaxTensors) + " are not read");
    return std::nullopt;
  }

  Index result;
  if (const llvm::json::Object *metadata = top->getObject("metadata"))
    if (const llvm::json::Value *total = metadata->get("total_size"))
      result.totalSize = *total;
  result.map.reserve(map->size());
  const std::string *bad = nullptr;
  for (auto &[tensor, file] : *map) {
    std::optional<llvm::StringRef> name = file.getAsString();
    result.map.emplace_back(tensor.str(), name && isShardName(*name) ? name->str() : "");
  }
  // Sorted, because a JSON object is not: messages must not depend on a hash.
  std::sort(result.map.begin(), result.map.end());
  for (auto &[tensor, file] : result.map)
    if (file.empty() && !bad)
      bad = &tensor;
  if (!bad)
    return result;

  llvm::SMLoc place = locatePath(*text, {"weight_map", *bad});
  if (std::optional<llvm::StringRef> name = map->getString(*bad))
    diags.error(Exit::BadInput, place,
                "\"" + *name + "\" is not the name of a .safetensors file beside the index");
  else
    diags.error(Exit::BadInput, place, "the file of \"" + *bad + "\" must be a string");
  diags.note("each value of \"weight_map\" names one file in the index's own directory, without a "
             "path");
  return std::nullopt;
}

bool sortTensors(Checkpoint &checkpoint, Diagnostics &diags) {
  std::vector<Tensor> &tensors = checkpoint.tensors;
  // Stable: of two with one name, the one of the earlier file comes first.
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const Tensor &a, const Tensor &b) { return a.name < b.name; });
  auto twin = std::adjacent_find(tensors.begin(), tensors.end(),
                                 [](const Tensor &a, const Tensor &b) { return a.name == b.name; });
  if (twin == tensors.end())
    return true;
  diags.error(Exit::BadInput, checkpoint.files[twin[1].file].path,
              "tensor \"" + twin->name + "\" is in \"" +
                  llvm::sys::path::filename(checkpoint.files[twin->file].path) + "\" as well");
  return false;
}

static bool checkWeightMap(const std::string &path, const WeightMap &map,
                           const Checkpoint &checkpoint, Diagnostics &diags) {
  std::vector<std::string> missing, elsewhere;
  for (const auto &[name, file] : map) {
    const Tensor *tensor = checkpoint.find(name);
    if (!tensor)
      missing.push_back(name);
    else if (llvm::sys::path::filename(checkpoint.files[tensor->file].path) != file)
      elsewhere.push_back(name);
  }
  if (!missing.empty())
    diags.error(Exit::BadInput, path, "names tensors that no file holds: " + someOf(missing));
  if (!elsewhere.empty())
    diags.error(Exit::BadInput, path,
                "names another file than the one that holds them: " + someOf(elsewhere));
  if (!missing.empty() || !elsewhere.empty()) {
    diags.note("index and files are of different versions; fetch the whole checkpoint again");
    return false;
  }

  std::vector<std::string> unmapped;
  auto mapped = map.begin(); // both are sorted by name, and every mapped name was found
  for (const Tensor &tensor : checkpoint.tensors) {
    if (mapped != map.end() && mapped->first == tensor.name)
      ++mapped;
    else
      unmapped.push_back(tensor.name);
  }
  if (!unmapped.empty())
    diags.warning(path, "does not name tensors that its files hold: " + someOf(unmapped));
  return true;
}

bool readIndexed(llvm::StringRef directory, Checkpoint &into, Diagnostics &diags) {
  auto inDirectory = [&](llvm::StringRef name) {
    llvm::SmallString<256> path(directory);
    llvm::sys::path::append(path, name);
    return path.str().str();
  };
  std::string path = inDirectory(IndexName);
  std::optional<Index> index = readIndex(path, diags);
  if (!index)
    return false;

  std::vector<std::string> files;
  for (const auto &[tensor, file] : index->map)
    files.push_back(file);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  std::vector<std::string> missing;
  for (const std::string &file : files) {
    std::optional<Entry> entry = entryAt(inDirectory(file), diags);
    if (!entry)
      return false;
    if (*entry == Entry::Nothing)
      missing.push_back(file);
  }
  if (!missing.empty()) {
    diags.error(Exit::InputOutput, path, "names files that are not there: " + someOf(missing));
    diags.note("an interrupted download leaves such a checkpoint; fetch it again");
    return false;
  }

  for (const std::string &file : files)
    if (!readSafetensors(inDirectory(file), into, diags))
      return false;
  if (!sortTensors(into, diags) || !checkWeightMap(path, index->map, into, diags))
    return false;
  // As a double, because it is written as one at times; below 2^53 that is exact.
  if (index->totalSize && index->totalSize->getAsNumber() != static_cast<double>(into.bytes.value))
    diags.warning(path, llvm::formatv("its total_size is {0}; the tensors take {1} bytes",
                                      *index->totalSize, into.bytes.value));
  return true;
}

} // namespace ashlar
