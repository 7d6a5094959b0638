// Where the pictures of a city model's textures come from.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "space/importer.hpp"

namespace cityloom::space {

inline constexpr size_t image_bytes_max = 64u << 20;

/// Reads pictures by the names that a model gives them. One worker.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  /// The bytes of a picture. Errors: not_found, invalid (a name that leads out of the model's folder), too_large,
  /// unavailable.
  virtual base::Result<std::string> read(std::string_view name) = 0;
};

/// Pictures beside a file: names are relative to its folder and never lead out of it, by links neither.
std::unique_ptr<ImageSource> images_beside(const std::string& file_path);

/// Pictures of an input: those beside its file, those of its archive (named from where it lies in it), or none at all
/// (nullptr) where it came as bytes. The input and its archive must outlive it.
std::unique_ptr<ImageSource> images_of(const ImportInput& input);

/// A model's relative name in its shortest form, with "/" between; "" if it is absolute, a URL, or leads out of its
/// folder.
std::string inner_name(std::string_view name);

/// "image/jpeg", "image/png", "image/webp", by the first bytes; "" for what is no picture that the tiles can show.
std::string media_type_of_image(std::string_view bytes);

}  // namespace cityloom::space
