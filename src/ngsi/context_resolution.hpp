// Resolving the value of one "@context" member into terms. Used by ContextSource only.
#pragma once

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "ngsi/context.hpp"
#include "ngsi/context_source.hpp"

namespace cityloom::ngsi {

/// One resolution: gathers the terms of contexts in their order, counts against the limits, notices cycles.
class ContextResolution {
 public:
  using TextOf = std::function<base::Result<std::string>(const std::string& url)>;

  ContextResolution(TextOf text_of, const ContextLimits& limits) : text_of_(std::move(text_of)), limits_(limits) {}

  /// Adds the contexts of a value: URL, object, null or array of them. Errors as ContextSource's.
  base::Status add(simdjson::dom::element value);

  Context::Terms& terms() { return terms_; }
  /// Whether a document was read: the result must not be kept forever.
  bool used_documents() const { return documents_ != 0; }

 private:
  using Element = simdjson::dom::element;
  using Object = simdjson::dom::object;

  base::Status add_document(std::string_view url);
  base::Status add_object(Object object);
  base::Status set_vocabulary(Element value);
  base::Status define(std::string_view term, Element value);
  base::Status define_expanded(std::string_view term, Object definition);
  base::Result<const TermDefinition*> definition_of(std::string_view term);
  base::Result<std::string> expand(std::string_view name, bool against_vocabulary);
  base::Result<Coercion> coercion_of(std::string_view term, Object definition) const;
  base::Error bad(std::string what, std::string_view term) const;

  TextOf text_of_;
  const ContextLimits& limits_;
  Context::Terms terms_;
  std::string vocabulary_{default_vocabulary};
  std::vector<std::string> open_urls_;                     // documents being read, outermost first
  std::vector<std::string_view> open_terms_;               // terms being defined, outermost first
  std::unordered_map<std::string_view, Element> members_;  // of the object being read
  Context::Terms defined_here_;                            // of its terms, those done
  size_t documents_ = 0;
};

}  // namespace cityloom::ngsi
