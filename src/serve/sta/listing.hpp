// A set of resources by query options: filtered, ordered, cut into pages, counted; and written as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "serve/sta/evaluate.hpp"
#include "serve/sta/options.hpp"

namespace cityloom::serve::sta {

inline constexpr size_t ordered_max = 100'000;  ///< resources that an order is given of
inline constexpr size_t written_max = 20'000;   ///< resources in one answer, expanded ones too

inline constexpr size_t written_bytes_max = 64u << 20;

/// Which resources: all of a kind, or those that a way leads to.
struct Source {
  Kind kind = Kind::thing;
  const Node* from = nullptr;
  const Navigation* way = nullptr;
};

/// A page of them.
struct Listing {
  std::vector<Node> nodes;
  size_t top = 0;  ///< the page's size
  bool more = false;
  std::optional<uint64_t> count;
};

/// What the answers of one request are made with.
struct Answering {
  const Model& model;
  base::Instant now;
  std::string root;  ///< "http://host/sta/v1.1"
};

/// Errors: as of evaluate, too_complex (too many to be ordered).
base::Result<Listing> list(const Source& source, const Options& options, const Answering& with);

/// Writes resources as JSON, expanded ones within them. One request each.
class Writer {
 public:
  explicit Writer(const Answering& with) : with_(with) {}

  /// One resource. Errors: as of `list`, too_large.
  base::Status append(const Node& node, const Options& options, std::string& to);
  /// The items of a page, with commas between.
  base::Status append_items(const Listing& listing, const Options& options, std::string& to);
  /// Observations as arrays, by datastream.
  base::Status append_arrays(const Listing& listing, const Options& options, std::string& to);

 private:
  base::Status append_ways(const Node& node, const Options& options, bool& is_first, std::string& to);
  base::Status append_expanded(const Node& node, const Navigation& way, const Expand& expand, std::string& to);
  const Answering& with_;
  size_t written_ = 0;
};

/// The address of a resource, and of a set that a way leads to.
std::string address_of(const Answering& with, Kind kind, std::string_view id);
/// Options as a query string without '?': those given, with another skip.
std::string query_text(const Options& options, size_t skip);

}  // namespace cityloom::serve::sta
