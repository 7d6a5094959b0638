// A model of the entities of one type: a schema of their simplified representation, with names in full.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/schema.hpp"

namespace cityloom::models {

/// What becomes of an entity that does not keep to the model of its type.
enum class Mode : uint8_t {
  accept,  ///< it is taken and counted
  warn,    ///< it is taken, and whoever writes it is told
  strict,  ///< it is refused
};
std::string_view name_of(Mode mode);
/// Errors: invalid.
base::Result<Mode> mode_of(std::string_view name);

/// What a model says of one attribute.
struct AttributeModel {
  /// any: nothing is said.
  enum class Kind : uint8_t { any, property, relationship, geo_property };
  std::string name;              ///< as the schema has it
  std::string iri;               ///< expanded
  std::vector<NodeIndex> nodes;  ///< of the schema: all of them hold
  std::string unit_code;         ///< UN/CEFACT common code; empty: nothing is said
  Kind kind = Kind::any;
  bool is_required = false;
  bool is_shared = false;  ///< of the commons: every model has it, so that its absence says nothing of completeness
};

/// What a model is made from.
struct ModelText {
  std::string name;     ///< of the model: letters, digits, '-', '_' and '.', at most 64, first a letter or digit
  std::string version;  ///< the same, at most 32
  std::string type;     ///< of its entities, as the schema writes it; empty: what the schema says of `type`
  std::string schema;   ///< JSON Schema
};

/// Immutable; any worker.
struct Model {
  std::string name, version;
  std::string type, type_iri;
  std::string source_iri;  ///< of the attribute `source`: where an entity's data come from
  Schema schema;
  std::vector<AttributeModel> attributes;                     ///< ascending by name; without id and type
  std::vector<std::string> names;                             ///< of the same
  std::vector<std::pair<twin::Pattern, NodeIndex>> patterns;  ///< patternProperties of the entity
  bool tells_id = false, tells_type = false;                  ///< the schema says something of these members
  bool is_closed = false;          ///< additionalProperties is false: nothing else may be there
  bool is_open = false;            ///< it is true: anything else may, also what looks misspelt
  std::vector<std::string> notes;  ///< what was not understood, for who registers it

  /// `expand` gives the IRI of a short name. Errors: those of Schema::compile; invalid (names, no type).
  static base::Result<Model> make(const ModelText& text, const std::function<std::string(std::string_view)>& expand,
                                  const SchemaLimits& limits = {});
  /// Names with their IRIs, by which `make` gives the same model without a context: of attributes, type and source.
  std::map<std::string, std::string> iris() const;
};
using ModelPointer = std::shared_ptr<const Model>;

inline constexpr size_t model_name_bytes_max = 64;
inline constexpr size_t version_bytes_max = 32;
/// Whether a text may be a model's name or a version. Errors: invalid.
base::Status check_label(std::string_view label, size_t bytes_max, std::string_view what);

/// The last part of an IRI, after '#', '/' or ':': what a name is without its vocabulary.
std::string_view last_part(std::string_view iri);

}  // namespace cityloom::models
