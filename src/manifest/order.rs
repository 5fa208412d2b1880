use std::cmp::Ordering;

/// Which of Helm's two kind orders to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// What others depend on comes first.
    Install,
    /// What depends on others comes first.
    Uninstall,
}

/// The kinds in the order of installation of Helm 4.3.1.
const INSTALL: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The kinds in the order of removal of Helm 4.3.1; not quite the reverse of [`INSTALL`].
const UNINSTALL: [&str; 38] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// Returns the place of `kind` in an order; `None` for kinds Helm does not list, which come last.
#[must_use]
pub fn rank(kind: &str, order: Order) -> Option<usize> {
    let kinds = match order {
        Order::Install => &INSTALL,
        Order::Uninstall => &UNINSTALL,
    };
    kinds.iter().position(|known| *known == kind)
}

/// Sorts stably by kind: listed kinds in their order, then the others by name.
pub fn sort_by_kind<T>(items: &mut [T], order: Order, kind: impl Fn(&T) -> &str) {
    items.sort_by(|a, b| {
        let (a, b) = (kind(a), kind(b));
        match (rank(a, order), rank(b, order)) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_name_the_same_kinds() {
        let mut install = INSTALL;
        let mut uninstall = UNINSTALL;
        install.sort_unstable();
        uninstall.sort_unstable();
        assert_eq!(install, uninstall);
    }

    #[test]
    fn unknown_kinds_follow_by_name_and_equal_kinds_stay() {
        let mut kinds = [("Zeta", 0), ("Pod", 1), ("Alpha", 2), ("Pod", 3), ("Secret", 4), ("", 5)];
        sort_by_kind(&mut kinds, Order::Install, |k| k.0);
        assert_eq!(
            kinds,
            [("Secret", 4), ("Pod", 1), ("Pod", 3), ("", 5), ("Alpha", 2), ("Zeta", 0)]
        );
        sort_by_kind(&mut kinds, Order::Uninstall, |k| k.0);
        assert_eq!(kinds[0], ("Pod", 1));
    }
}
