/// What must not outlive the work that it is for: a file, or a directory with all that is in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ashlar {

/// A new file or directory whose name is a stem and six characters that nobody else has. It is
/// removed at the end of its life, and also when SIGINT, SIGTERM or SIGHUP ends the process before.
///
/// What a process leaves that was killed otherwise, the next temporary of the same stem removes. To
/// tell it from what is worked on, the name is locked as long as its process lives; a directory's
/// lock is inherited, so that it lasts until the last program ends that was started to work in it.
class Temporary {
public:
  enum class Kind : uint8_t { File, Directory };

  Temporary(const std::string &stem, Kind kind);
  ~Temporary();
  Temporary(const Temporary &) = delete;
  Temporary &operator=(const Temporary &) = delete;

  /// Whether it could be made; errno says why not.
  explicit operator bool() const { return made; }
  const std::string &path() const { return name; }
  /// The file, open for writing. Who made the temporary closes it.
  int file() const { return descriptor; }
  /// It has become something else: nothing is removed any more.
  void keep();

private:
  bool make(Kind kind);

  std::string name;
  size_t slot; // where the handler of signals finds it
  int descriptor = -1;
  int lock = -1;
  bool made = false;
};

} // namespace ashlar
