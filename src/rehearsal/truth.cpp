#include "rehearsal/truth.hpp"

namespace cityloom::rehearsal {

base::Result<std::unique_ptr<Truth>> Truth::open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return base::fail(base::Code::unavailable, "the file for the truth cannot be written", path,
                      "name a file in a folder that is there");
  }
  return std::unique_ptr<Truth>(new Truth(file, path));
}

Truth::~Truth() {
  std::fclose(file_);
}

void Truth::line(std::string_view json) {
  has_failed_ =
      has_failed_ || std::fwrite(json.data(), 1, json.size(), file_) != json.size() || std::fputc('\n', file_) == EOF;
  ++lines_;
}

base::Status Truth::finish() {
  if (std::fflush(file_) == 0 && !has_failed_) return {};
  return base::fail(base::Code::unavailable, "the truth could not be written whole", path_, "make room on the disk");
}

}  // namespace cityloom::rehearsal
