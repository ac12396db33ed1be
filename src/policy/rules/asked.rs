//! `request`: who asks for what, as a ValidatingAdmissionPolicy has it.

use super::record::{items, record, some_text, text, truth, view};
use crate::cel::Value;
use crate::object::ObjectRef;
use crate::request::{Operation, Request, ResourceRef, User};

record! {
    /// A kind: API group, version and kind.
    KIND = "GroupVersionKind" of ObjectRef {
        "group": "string", |it| text(&it.group),
            "API group, empty for the core group.", "request.kind.group == 'chaos-mesh.org'";
        "version": "string", |it| text(&it.version),
            "API version.", "request.kind.version == 'v1alpha1'";
        "kind": "string", |it| text(&it.kind),
            "Kind.", "request.kind.kind != 'KernelChaos'";
    }
}

record! {
    /// A resource: API group, version and the word of the path.
    RESOURCE = "GroupVersionResource" of ResourceRef {
        "group": "string", |it| text(&it.group),
            "API group, empty for the core group.",
            "!has(request.resource) || request.resource.group != ''";
        "version": "string", |it| text(&it.version),
            "API version.", "!has(request.resource) || request.resource.version != 'v1'";
        "resource": "string", |it| text(&it.resource),
            "The word of the path.",
            "!has(request.resource) || request.resource.resource != 'kernelchaos'";
    }
}

record! {
    /// Who asks.
    USER = "UserInfo" of User {
        "username": "string", |it| text(&it.name),
            "Name; empty where `check` is not told who asks.",
            "!request.userInfo.username.startsWith('system:serviceaccount:sandbox:')";
        "uid": "string", |it| some_text(&it.uid),
            "The account's uid, where the API server tells it.",
            "request.userInfo.?uid.orValue('') != '0'";
        "groups": "list(string)", |it| items(&it.groups),
            "Groups.", "!('interns' in request.userInfo.groups)";
        "extra": "map(string, list(string))",
            |it| (!it.extra.is_empty()).then(|| view(&it.extra)).flatten(),
            "What the authenticator adds, where it adds anything.",
            "!('scopes' in request.userInfo.?extra.orValue({}))";
    }
}

record! {
    /// The request.
    REQUEST = "AdmissionRequest" of Request {
        "kind": "GroupVersionKind", |it| view(&it.target),
            "The kind of the object.", "request.kind.kind == 'PodChaos'";
        "resource": "GroupVersionResource", |it| it.wording.resource.as_ref().and_then(|it| view(it)),
            "The resource; absent in `check`, which is given no path.",
            "!has(request.resource) || request.resource.resource == 'podchaos'";
        "subResource": "string", |it| some_text(&it.subresource),
            "The subresource; absent for the object itself.",
            "!has(request.subResource) || request.subResource == 'eviction'";
        "requestKind": "GroupVersionKind",
            |it| view(it.wording.request_kind.as_ref().unwrap_or(&it.target)),
            "The kind that was asked for, before it was converted.",
            "request.requestKind.kind == request.kind.kind";
        "requestResource": "GroupVersionResource",
            |it| it.wording.request_resource.as_ref().and_then(|it| view(it)),
            "The resource that was asked for, before it was converted; absent in `check`.",
            "!has(request.requestResource) || request.requestResource.version == 'v1alpha1'";
        "requestSubResource": "string", |it| some_text(&it.wording.request_subresource),
            "The subresource that was asked for; absent for the object itself.",
            "!has(request.requestSubResource)";
        "name": "string", |it| some_text(&it.target.name),
            "The object's name; absent while `generateName` has not been resolved.",
            "!has(request.name) || request.name.startsWith('drill-')";
        "namespace": "string", |it| some_text(&it.target.namespace),
            "The object's namespace; absent for what is cluster-scoped.",
            "!has(request.namespace) || request.namespace == 'chaos-testing'";
        "operation": "string", |it| text(operation(it.operation)),
            "`CREATE`, `UPDATE`, `DELETE` or `CONNECT`.", "request.operation == 'CREATE'";
        "userInfo": "UserInfo", |it| view(&it.user),
            "Who asks.", "request.userInfo.username != 'intern'";
        "dryRun": "bool", |it| truth(it.dry_run),
            "Whether nothing will be stored.", "!request.dryRun";
        "options": "dyn",
            |it| (!it.wording.options.is_null()).then(|| Value::of(&it.wording.options)),
            "The options of the operation; absent in `check`.",
            "!has(request.options) || !has(request.options.fieldManager)";
    }
}

fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    }
}
