//! The CustomResourceDefinitions of the kinds we define, made from their types.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt as _;

use super::BlastRadiusPolicy;
use super::exemption::Exemption;

/// The CustomResourceDefinitions of policies and exemptions.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![tidied(BlastRadiusPolicy::crd()), tidied(Exemption::crd())]
}

/// A definition without what its generator says and Kubernetes does not.
#[must_use]
pub fn tidied(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let schema = version.schema.as_mut();
        if let Some(root) = schema.and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            tidy(root);
        }
    }
    crd
}

/// Removes what says nothing to a reader of the definition: formats of numbers that the API server
/// does not know, and `null` as a value.
fn tidy(schema: &mut JSONSchemaProps) {
    if schema
        .format
        .as_deref()
        .is_some_and(|format| format.starts_with("uint"))
    {
        schema.format = None;
        schema.minimum.get_or_insert(0.0);
    }
    schema.nullable = None;
    for property in schema
        .properties
        .iter_mut()
        .flat_map(|map| map.values_mut())
    {
        tidy(property);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        tidy(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        tidy(values);
    }
}
