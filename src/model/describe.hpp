// Declarations as JSON: for `cityloom model`, and as OGC API - Processes 1.0 tells of processes.
#pragma once

#include "model/model.hpp"

namespace cityloom::model {

/// The JSON Schema of an input's value (OGC 18-062r2, 9.3): type, bounds, choices, fallback, unit.
Json schema_of(const Input& input);

/// A process summary: id, version, title, what it can be asked for.
Json summary_of(const Declaration& declaration);

/// A process description: the summary, inputs and outputs with schemas, and the model card (x-card).
Json description_of(const Declaration& declaration);

}  // namespace cityloom::model
