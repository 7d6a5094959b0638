// The features of a GeoJSON file one after another: the file is never held as a whole.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/byte_source.hpp"

namespace cityloom::space {

inline constexpr size_t feature_bytes_max = 64u << 20;  ///< of one feature's text
inline constexpr size_t feature_depth_max = 500;        ///< of brackets in one feature

/// One feature's text, or why it cannot be read.
struct FeatureText {
  std::string_view json;  ///< one JSON value, brackets balanced, not yet checked otherwise; "" if there is a problem
  std::string problem;
  uint64_t number = 0;  ///< counted from 1 over the file
};

/// Splits a file of JSON into features: the elements of `features` of each top-level object, and each top-level object
/// without `features`. So it reads FeatureCollections, single features and geometries, and lines or sequences of them
/// (RFC 7464, newline-delimited). Memory: one feature. One worker.
class JsonFeatures {
 public:
  explicit JsonFeatures(ByteSource source) : source_(std::move(source)) {}

  /// Calls `visit` with each feature until the end, or until it fails. Errors: corrupt (ends too early, or is no
  /// sequence of JSON objects; `where` is the byte), those of `visit`.
  base::Status each(const std::function<base::Status(const FeatureText&)>& visit);

  /// The text of the last `crs` member that a top-level object had; "" if none.
  const std::string& crs() const { return crs_; }
  uint64_t bytes_done() const { return source_.offset(); }

 private:
  int peek();
  int get();
  int skip_blanks();
  base::Error broken(std::string what) const;
  base::Result<std::string> read_key();
  base::Status collect(std::string& to, std::string& problem);
  void store(std::string& to, std::string& problem, int letter) const;
  base::Status read_object(const std::function<base::Status(const FeatureText&)>& visit);
  base::Status read_features(const std::function<base::Status(const FeatureText&)>& visit);

  ByteSource source_;
  std::vector<char> buffer_ = std::vector<char>(64u << 10);
  size_t begin_ = 0, end_ = 0;
  uint64_t offset_ = 0;
  base::Status failed_;
  std::string crs_;
  std::string value_;
  uint64_t number_ = 0;
};

}  // namespace cityloom::space
