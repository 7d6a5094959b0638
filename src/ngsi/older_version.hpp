// Entities as earlier versions of the standard know them. ETSI GS CIM 009 V1.9.1 clause 4.3.6.8.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace cityloom::ngsi {

/// A version of the standard, such as 1.6. What follows a second point says nothing here.
struct Version {
  int major = 1;
  int minor = 9;
  auto operator<=>(const Version&) const = default;
  /// "1.6"
  std::string text() const { return std::to_string(major) + '.' + std::to_string(minor); }
};

/// The latest one whose entities are written here.
inline constexpr Version own_version{1, 9};

/// "1.6", "1.9.1"; nothing if it is no version.
std::optional<Version> parse_version(std::string_view text);

/// The version that a Prefer header (RFC 7240) asks for by `ngsi-ld=1.6`; nothing if it asks for none.
std::optional<Version> preferred_version(std::string_view prefer);

/// How a document holds entities.
enum class EntityForm {
  reified,     ///< normalized or concise, also of the past: attributes are objects or arrays of them
  simplified,  ///< values alone: only members of the entity itself can be too new
};

/// The document (an entity, an array of entities, a GeoJSON Feature or FeatureCollection, a notification), as JSON
/// text, with what came after the version taken out or written as what it was then (tables 4.3.6.8-1 to 3); nothing if
/// it holds none of it. Cost: the document is read and written once. Any thread.
std::optional<std::string> amended(std::string_view document, Version version, EntityForm form);

}  // namespace cityloom::ngsi
